#include "tests/end_to_end/certificates.h"

#include <gtest/gtest.h>

#include <fstream>
#include <vector>

namespace fundgate::end_to_end {
namespace {

void Openssl(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"/usr/bin/openssl"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  EXPECT_EQ(Process(command).Wait(), 0) << "openssl " << arguments[0];
}

}  // namespace

Authority::Authority(const std::string& name) {
  Openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-days", "2", "-subj", "/CN=" + name, "-keyout", folder_.path() + "/ca.key", "-out",
           certificate_file()});
}

Certificate Authority::Issue(const std::string& address) const {
  const std::string base = folder_.path() + "/" + address;
  const Certificate issued = {base + ".pem", base + ".key"};
  std::ofstream(base + ".ext") << "subjectAltName=IP:" << address << "\n";
  Openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
           "/CN=" + address, "-keyout", issued.key_file, "-out", base + ".csr"});
  Openssl({"x509", "-req", "-in", base + ".csr", "-CA", certificate_file(), "-CAkey",
           folder_.path() + "/ca.key", "-CAcreateserial", "-days", "2", "-extfile", base + ".ext",
           "-out", issued.certificate_file});
  return issued;
}

}  // namespace fundgate::end_to_end
