#include "certs/token/sign_form.h"

#include "certs/token/token_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

TEST(SignForm, RAndSBecomeDer) {
  // A leading bit gets a zero in front (X.690 8.3), leading zeros go.
  EXPECT_EQ(*ecdsa_to_der(Bytes{0x00, 0x01, 0x80, 0x00}),
            (Bytes{0x30, 0x08, 0x02, 0x01, 0x01, 0x02, 0x03, 0x00, 0x80, 0x00}));
  Bytes p256(64, 0x11);
  EXPECT_EQ(ecdsa_to_der(p256)->size(), 2 + 2 * (2 + 32));
}

TEST(SignForm, WhatAreNoTwoNumbersIsRefused) {
  for (const Bytes& raw :
       {Bytes{}, Bytes{1}, Bytes{1, 2, 3}, Bytes(64, 0), Bytes{0, 1}, Bytes{1, 0}, Bytes(146, 1)})
    EXPECT_FALSE(ecdsa_to_der(raw)) << raw.size();
}

TEST(SignForm, ADigestIsCutToTheCurve) {
  const Bytes digest(64, 1);
  EXPECT_EQ(token_input(SignKind::ecdsa, digest, 256).size(), 32U);
  EXPECT_EQ(token_input(SignKind::ecdsa, digest, 384).size(), 48U);
  EXPECT_EQ(token_input(SignKind::ecdsa, digest, 521).size(), 64U);
  EXPECT_EQ(token_input(SignKind::rsa_pkcs1, digest, 256).size(), 64U);
}

TEST(TokenAnswer, SaysWhatCanBeDone) {
  const std::pair<CK_RV, TokenTrouble> cases[] = {
      {CKR_OK, TokenTrouble::none},
      {CKR_PIN_INCORRECT, TokenTrouble::pin_wrong},
      {CKR_PIN_LOCKED, TokenTrouble::pin_locked},
      {CKR_MECHANISM_INVALID, TokenTrouble::mechanism},
      {CKR_KEY_FUNCTION_NOT_PERMITTED, TokenTrouble::mechanism},
      {CKR_KEY_HANDLE_INVALID, TokenTrouble::key},
      {CKR_OBJECT_HANDLE_INVALID, TokenTrouble::key},
      {CKR_SESSION_CLOSED, TokenTrouble::session},
      {CKR_USER_NOT_LOGGED_IN, TokenTrouble::session},
      {CKR_DEVICE_REMOVED, TokenTrouble::token},
      {CKR_GENERAL_ERROR, TokenTrouble::token},
      {CKR_VENDOR_DEFINED + 9, TokenTrouble::token},
  };
  for (const auto& [answer, trouble] : cases)
    EXPECT_EQ(trouble_of(answer), trouble) << answer;
  EXPECT_THAT(
      token_error(CKR_PIN_INCORRECT, "logging in").message,
      ::testing::AllOf(::testing::StartsWith("logging in: "), ::testing::EndsWith(" (CKR 0xa0)")));
  EXPECT_EQ(token_error(CKR_PIN_INCORRECT, "a").code, base::Errc::denied);
  EXPECT_EQ(token_error(CKR_DEVICE_REMOVED, "a").code, base::Errc::unavailable);
}

}  // namespace
}  // namespace ravelin::certs
