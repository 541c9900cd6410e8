// Addresses of servers.
#include "connection/host_port.h"

#include <gtest/gtest.h>

namespace fundgate::connection {
namespace {

TEST(HostPort, OnlyThisMachinesOwnAddressesAreLoopback) {
  for (const char* own : {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"}) {
    EXPECT_TRUE(HostPort::Parse(own)->IsLoopback()) << own;
  }
  for (const char* open : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "gate.example:1", "1270.0.1:1"}) {
    EXPECT_FALSE(HostPort::Parse(open)->IsLoopback()) << open;
  }
}

TEST(HostPort, WhatIsNoAddressIsRefused) {
  for (const char* wrong :
       {"", "7443", "127.0.0.1", ":7443", "127.0.0.1:x", "127.0.0.1:70000", "::1:7443"}) {
    EXPECT_FALSE(HostPort::Parse(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace fundgate::connection
