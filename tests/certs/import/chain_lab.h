// A CA of three floors, and what could be mistaken for one of them.
#pragma once

#include "certs/certificate.h"

#include <string>
#include <vector>

namespace ravelin::certs::test {

struct ChainMember {
  KeyPtr key;
  X509Ptr certificate;
};

struct ChainLab {
  ChainMember root;      // "Lab Root"
  ChainMember upper;     // "Lab Upper", by the root
  ChainMember issuing;   // "Lab Issuing", by the upper one
  ChainMember leaf;      // www.example.test, by the issuing one
  ChainMember direct;    // direct.example.test, by the root itself
  ChainMember impostor;  // "Lab Issuing" by name, of another key
  ChainMember stranger;  // "Lab Stranger", another root
};

// The same one each time in this process.
const ChainLab& chain_lab();

std::vector<X509Ptr> certificates(const std::vector<const ChainMember*>& members);
std::string pem_of(const std::vector<const ChainMember*>& members);
std::string der_of(const X509* certificate);

}  // namespace ravelin::certs::test
