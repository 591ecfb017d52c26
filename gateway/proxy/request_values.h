// The values of a request's template variables, from what the proxy keeps of it. One worker's
// thread.
#pragma once

#include "gateway/proxy/proxy.h"
#include "gateway/route/expand.h"

namespace ravelin::gateway {

// Of a routed request; views `state` and what that views.
TemplateValues template_values(const RequestState& state);

}  // namespace ravelin::gateway
