#include "gateway/proxy/forward/message_heads.h"

#include "gateway/tls/client_certificate_fields.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

namespace ravelin::gateway {
namespace {

std::unique_ptr<http1::RequestHead> parse(const std::string& text) {
  auto head = std::make_unique<http1::RequestHead>();
  EXPECT_TRUE(http1::parse_request_head(text, {}, *head).ok()) << text;
  return head;
}

std::string forwarded(const std::string& text, const ForwardedBy& by) {
  const auto head = parse(text);
  std::array<char, 4096> room;
  http1::ByteWriter out(room);
  write_request_head(out, *head, head->path, by);
  EXPECT_FALSE(out.overflowed());
  return std::string(out.view());
}

constexpr ForwardedBy kStranger{
    .client = "192.0.2.7", .scheme = "https", .port = 443, .request_id = "id-1"};

TEST(RequestHead, ARoutesRulesChangeItsFields) {
  FieldRules rules;
  rules.remove = {"X-Debug"};
  rules.set = {{"Accept", *parse_template("{host}{path}", TemplateUse::field)}};
  rules.add = {{"X-More", *parse_template("2", TemplateUse::field)}};
  const FieldChanges changes(rules);
  TemplateValues values;
  values[Variable::host] = "x.test";
  values[Variable::path] = "/a";
  const FieldEdit edit{changes, values};
  const std::string text =
      "GET /a HTTP/1.1\r\nHost: x.test\r\nX-Debug: 1\r\nX-More: 1\r\nACCEPT: */*\r\naccept: "
      "b\r\n\r\n";
  const auto head = parse(text);
  std::array<char, 4096> room;
  http1::ByteWriter out(room);
  write_request_head(out, *head, head->path, kStranger, &edit);
  EXPECT_TRUE(out.view().starts_with(
      "GET /a HTTP/1.1\r\nHost: x.test\r\nX-More: 1\r\nAccept: x.test/a\r\nX-More: "
      "2\r\nX-Forwarded-For: "))
      << out.view();
}

TEST(ResponseFields, ARoutesRulesChangeTheServersAndOurs) {
  auto response = std::make_unique<http1::ResponseHead>();
  ASSERT_TRUE(http1::parse_response_head(
                  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: x\r\nVary: a\r\n\r\n",
                  Method::get, {}, *response)
                  .ok());
  FieldRules rules;
  rules.remove = {"Server", "X-Ours"};
  rules.add = {{"Vary", *parse_template("Origin", TemplateUse::field)}};
  const FieldChanges changes(rules);
  const TemplateValues values;
  const FieldEdit edit{changes, values};
  const Field ours{FieldId::unknown, "X-Ours", "1"};
  std::array<char, 512> room;
  http1::ByteWriter out(room);
  write_response_fields(
      out, {.status = 200, .from = response.get(), .extra = std::span(&ours, 1), .edit = &edit});
  EXPECT_EQ(out.view(), "Vary: a\r\nVary: Origin\r\n");
}

TEST(RequestHead, AStrangersForwardingFieldsAreReplaced) {
  const std::string out = forwarded(
      "GET /a?b HTTP/1.1\r\nHost: x.test\r\nX-Forwarded-For: 6.6.6.6\r\nX-Real-IP: "
      "6.6.6.6\r\nForwarded: for=6.6.6.6\r\n"
      "X-Request-Id: evil\r\nAccept: */*\r\n\r\n",
      kStranger);
  EXPECT_EQ(out,
            "GET /a?b HTTP/1.1\r\nHost: x.test\r\nAccept: */*\r\nX-Forwarded-For: "
            "192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
            "X-Forwarded-Host: x.test\r\nX-Forwarded-Port: 443\r\nX-Real-IP: "
            "192.0.2.7\r\nX-Request-Id: id-1\r\n"
            "Via: 1.1 ravelin\r\n\r\n");
}

TEST(RequestHead, WhatStrangersSayInAProxysNameIsDropped) {
  for (const std::string name :
       {"X-Forwarded-Prefix", "X-Forwarded-Server", "X-Forwarded-Ssl", "X-Forwarded-Scheme",
        "x-forwarded-uri", "X-Forwarded-Anything", "X-Forwarded", "X-Original-URL",
        "X-Original-Host", "X-Original-Forwarded-For", "X-Rewrite-URL", "X-Client-IP",
        "X-Cluster-Client-IP", "True-Client-IP", "X-Scheme", "X-Url-Scheme", "FRONT-END-HTTPS"}) {
    const std::string text = "GET / HTTP/1.1\r\nHost: x.test\r\n" + name + ": on\r\n\r\n";
    EXPECT_EQ(forwarded(text, kStranger).find(name + ":"), std::string::npos) << name;
    ForwardedBy trusted = kStranger;
    trusted.is_trusted = true;
    EXPECT_NE(forwarded(text, trusted).find(name + ": on\r\n"), std::string::npos) << name;
  }
}

TEST(RequestHead, WhatOnlyLooksLikeAProxysFieldPasses) {
  for (const std::string name : {"X-Forward", "X-Forwardeds", "X-Originals", "X-Client-IP-2",
                                 "Forwarded-2", "True-Client", "Front-End", "X-Requested-With"}) {
    const std::string text = "GET / HTTP/1.1\r\nHost: x.test\r\n" + name + ": on\r\n\r\n";
    EXPECT_NE(forwarded(text, kStranger).find(name + ": on\r\n"), std::string::npos) << name;
  }
}

constexpr const char* kToldCertificate =
    "GET / HTTP/1.1\r\nHost: x.test\r\nClient-Cert: :ZXZpbA==:\r\nclient-cert-chain: "
    ":ZXZpbA==:\r\nClient-Certificate: mine\r\n\r\n";

TEST(RequestHead, AStrangersClientCertFieldsAreDropped) {
  const std::string out = forwarded(kToldCertificate, kStranger);
  EXPECT_EQ(out.find("ZXZpbA=="), std::string::npos) << out;
  EXPECT_NE(out.find("Client-Certificate: mine\r\n"), std::string::npos) << out;
}

TEST(RequestHead, ATrustedProxysClientCertFieldsPassWhereNoneAreSentInTheirPlace) {
  ForwardedBy by = kStranger;
  by.is_trusted = true;
  const std::string out = forwarded(kToldCertificate, by);
  EXPECT_NE(out.find("Client-Cert: :ZXZpbA==:\r\nclient-cert-chain: :ZXZpbA==:\r\n"),
            std::string::npos)
      << out;
}

TEST(RequestHead, TheClientsOwnCertificateTakesTheirPlace) {
  ForwardedBy by = kStranger;
  by.is_trusted = true;
  const ClientCertificateFields own{.certificate = ":b3du:", .chain = ":YQ==:, :Yg==:"};
  by.certificate = &own;
  const std::string out = forwarded(kToldCertificate, by);
  EXPECT_EQ(out.find("ZXZpbA=="), std::string::npos) << out;
  EXPECT_NE(out.find("Client-Cert: :b3du:\r\nClient-Cert-Chain: :YQ==:, :Yg==:\r\n"),
            std::string::npos)
      << out;
  const ClientCertificateFields none;
  by.certificate = &none;
  EXPECT_EQ(forwarded(kToldCertificate, by).find("Client-Cert:"), std::string::npos);
}

TEST(RequestHead, TheGatewaysOwnCookieStaysHere) {
  ForwardedBy by = kStranger;
  by.own_cookie = "srv";
  const std::string out =
      forwarded("GET / HTTP/1.1\r\nHost: x.test\r\nCookie: a=1; srv=x; b=2\r\n\r\n", by);
  EXPECT_NE(out.find("\r\nCookie: a=1; b=2\r\n"), std::string::npos) << out;
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nHost: x.test\r\nCookie: srv=x\r\n\r\n", by).find("Cookie"),
            std::string::npos);
}

TEST(RequestHead, ATrustedProxysFieldsAreKeptAndAppendedTo) {
  ForwardedBy by = kStranger;
  by.is_trusted = true;
  by.sends_forwarded = true;
  const std::string out = forwarded(
      "GET / HTTP/1.1\r\nHost: x.test\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: "
      "10.0.0.2\r\nX-Forwarded-Proto: http\r\n"
      "X-Request-Id: abc\r\nVia: 1.0 front\r\n\r\n",
      by);
  EXPECT_NE(out.find("X-Forwarded-For: 10.0.0.1, 10.0.0.2, 192.0.2.7\r\n"), std::string::npos)
      << out;
  EXPECT_NE(out.find("X-Forwarded-Proto: http\r\n"), std::string::npos);
  EXPECT_NE(out.find("X-Request-Id: abc\r\n"), std::string::npos);
  EXPECT_NE(out.find("Via: 1.0 front, 1.1 ravelin\r\n"), std::string::npos);
  EXPECT_NE(out.find("Forwarded: for=192.0.2.7;proto=https;host=\"x.test\"\r\n"),
            std::string::npos);
}

struct HopCase {
  const char* name;
  const char* fields;
  const char* absent;
};

TEST(RequestHead, HopByHopFieldsNeverPass) {
  const HopCase cases[] = {
      {"KeepAlive", "Keep-Alive: timeout=5\r\n", "Keep-Alive"},
      {"ProxyConnection", "Proxy-Connection: keep-alive\r\n", "Proxy-Connection"},
      {"Te", "TE: trailers\r\n", "TE:"},
      {"Named", "Connection: x-secret\r\nX-Secret: 1\r\n", "X-Secret"},
      {"ProxyAuthorization", "Proxy-Authorization: Basic x\r\n", "Proxy-Authorization"},
  };
  for (const HopCase& row : cases) {
    const std::string out =
        forwarded(std::string("GET / HTTP/1.1\r\nHost: x\r\n") + row.fields + "\r\n", kStranger);
    EXPECT_EQ(out.find(row.absent), std::string::npos) << row.name << "\n" << out;
  }
}

TEST(RequestHead, FramingIsWrittenFromValues) {
  const std::string length =
      forwarded("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 007\r\n\r\n", kStranger);
  EXPECT_NE(length.find("\r\nContent-Length: 7\r\n"), std::string::npos) << length;
  const std::string chunked =
      forwarded("POST / HTTP/1.1\r\nHost: x\r\ntransfer-encoding: CHUNKED\r\n\r\n", kStranger);
  EXPECT_NE(chunked.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos) << chunked;
}

TEST(ResponseFields, TheGatewaysHstsReplacesTheServers) {
  auto head = std::make_unique<http1::ResponseHead>();
  ASSERT_TRUE(http1::parse_response_head(
                  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nStrict-Transport-Security: max-age=1\r\n"
                  "Connection: x-hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n",
                  Method::get, {}, *head)
                  .ok());
  const Field hsts{FieldId::strict_transport_security, "Strict-Transport-Security", "max-age=9"};
  std::array<char, 512> room;
  http1::ByteWriter out(room);
  write_response_fields(
      out, {.status = 200, .from = head.get(), .extra = std::span(&hsts, 1), .has_hsts = true});
  EXPECT_EQ(out.view(), "X-End: 2\r\nStrict-Transport-Security: max-age=9\r\n");
}

TEST(RequestHead, AnUpgradeTheRouteDoesNotLetThroughIsIgnored) {
  const std::string text =
      "GET /ws HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  EXPECT_NE(forwarded(text, kStranger).find("Connection: upgrade\r\nUpgrade: websocket\r\n"),
            std::string::npos);
  ForwardedBy by = kStranger;
  by.passes_upgrade = false;
  const std::string out = forwarded(text, by);
  EXPECT_TRUE(out.starts_with("GET /ws HTTP/1.1\r\n"));
  EXPECT_EQ(out.find("pgrade"), std::string::npos) << out;
}

}  // namespace
}  // namespace ravelin::gateway
