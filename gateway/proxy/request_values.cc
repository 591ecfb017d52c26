#include "gateway/proxy/request_values.h"

namespace ravelin::gateway {

TemplateValues template_values(const RequestState& state) {
  const ClientInfo& client = *state.client;
  TemplateValues values;
  values[Variable::client] = client.address;
  values[Variable::host] = state.authority;
  values[Variable::path] = state.path;
  values[Variable::query] = state.query_with_mark;
  values[Variable::scheme] = client.is_tls ? "https" : "http";
  values[Variable::method] = state.method;
  values[Variable::request_id] = state.id_text();
  values[Variable::listener] = client.listener->config->name;
  values[Variable::route] = state.route->config->name;
  values[Variable::pool] = state.pool_name;
  values[Variable::sni] = client.sni;
  values[Variable::tls_version] = client.tls_version;
  values[Variable::tls_cipher] = client.tls_cipher;
  values[Variable::tls_subject] = client.subject;
  values[Variable::user] = state.user;
  return values;
}

}  // namespace ravelin::gateway
