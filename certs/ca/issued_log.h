// issued.jsonl: every certificate an own authority has signed. Ended ones are dropped a month after
// the oldest of them has ended. Whoever calls what writes holds the CA's lock.
#pragma once

#include "certs/ca/ca_folder.h"
#include "certs/ca/records.h"

#include <vector>

namespace ravelin::certs {

// On the disk when it returns.
Result<> add_issued(const CaFolder& folder, const IssuedRecord& record, base::WallTime now);
// Nothing when its serial number is there already.
Result<> add_issued_once(const CaFolder& folder, const IssuedRecord& record, base::WallTime now);

// Errors name file and line.
Result<std::vector<IssuedRecord>> read_issued(const CaFolder& folder);

}  // namespace ravelin::certs
