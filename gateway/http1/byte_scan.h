// Searches over runs of bytes, sixteen at a time where SSE2 is there (every x86-64), else one by
// one. They never read outside [at, end). What each gains is in bench/http1_parser_bench. Pure; any
// thread.
#pragma once

#include "gateway/http1/char_class.h"

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ravelin::gateway::http1 {

#if defined(__SSE2__)
namespace sse2 {

inline __m128i load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

inline std::uint32_t mask_of(__m128i matches) {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(matches));
}

// One bit per byte that is_control().
inline std::uint32_t controls(__m128i block) {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
  const __m128i tab = _mm_cmpeq_epi8(block, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f));
  return mask_of(_mm_or_si128(_mm_andnot_si128(tab, low), del));
}

// One bit per byte equal to `c`.
inline std::uint32_t equals(__m128i block, char c) {
  return mask_of(_mm_cmpeq_epi8(block, _mm_set1_epi8(c)));
}

// One bit per byte of class plain_char: letters, digits, "-".
inline std::uint32_t plains(__m128i block) {
  const auto in_range = [](__m128i bytes, char first, int count) {
    const __m128i offset = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    const __m128i last = _mm_set1_epi8(static_cast<char>(count - 1));
    return _mm_cmpeq_epi8(_mm_min_epu8(offset, last), offset);
  };
  const __m128i letters = in_range(_mm_or_si128(block, _mm_set1_epi8(0x20)), 'a', 26);
  const __m128i digits = in_range(block, '0', 10);
  const __m128i dashes = _mm_cmpeq_epi8(block, _mm_set1_epi8('-'));
  return mask_of(_mm_or_si128(_mm_or_si128(letters, digits), dashes));
}

// The masks of four blocks in a row as one.
template <class Mask>
std::uint64_t each(const __m128i (&blocks)[4], Mask mask) {
  return static_cast<std::uint64_t>(mask(blocks[0])) |
         static_cast<std::uint64_t>(mask(blocks[1])) << 16 |
         static_cast<std::uint64_t>(mask(blocks[2])) << 32 |
         static_cast<std::uint64_t>(mask(blocks[3])) << 48;
}

}  // namespace sse2
#endif

// The first control character in [at, end), or end. CR and LF are control characters.
inline const char* find_control(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const std::uint32_t found = sse2::controls(sse2::load(at));
    if (found != 0) return at + __builtin_ctz(found);
  }
#endif
  while (at != end && !is_control(*at))
    ++at;
  return at;
}

// The first byte in [at, end) that is no token_char, or end.
inline const char* find_token_end(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const std::uint32_t others = ~sse2::plains(sse2::load(at)) & 0xffff;
    if (others == 0) continue;
    at += __builtin_ctz(others);
    break;
  }
#endif
  while (at != end && is_in(*at, token_char))
    ++at;
  return at;
}

// Moves over blocks that hold only whole, non-empty lines or parts of such: no control character
// but CR and LF as pairs, and no empty line. `at` is inside or at the start of a line, data[at - 1]
// exists. Returns where a closer look is due: never between a CR and its LF, nor past an empty
// line.
inline const char* skip_plain_lines(const char* at, const char* end) {
#if defined(__SSE2__)
  std::uint64_t after_cr = 0;  // bit 0: the byte before the block is a CR
  std::uint64_t after_lf = at[-1] == '\n' ? 1 : 0;
  for (; end - at >= 64; at += 64) {
    const __m128i blocks[] = {sse2::load(at), sse2::load(at + 16), sse2::load(at + 32),
                              sse2::load(at + 48)};
    const std::uint64_t control = sse2::each(blocks, sse2::controls);
    const std::uint64_t cr =
        sse2::each(blocks, [](__m128i block) { return sse2::equals(block, '\r'); });
    const std::uint64_t lf =
        sse2::each(blocks, [](__m128i block) { return sse2::equals(block, '\n'); });
    const std::uint64_t unpaired = lf ^ ((cr << 1) | after_cr);
    const std::uint64_t empty_lines = cr & ((lf << 1) | after_lf);
    if ((unpaired | empty_lines | (control ^ (cr | lf))) != 0) break;
    after_cr = cr >> 63;
    after_lf = lf >> 63;
  }
  return after_cr != 0 ? at - 1 : at;
#else
  static_cast<void>(end);
  return at;
#endif
}

}  // namespace ravelin::gateway::http1
