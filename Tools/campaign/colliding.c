// colliding COUNT 0|1: writes COUNT distinct lines of a merges file. With 1, words whose hash falls into the lowest 256 of
// 2^20 slots, for the hash that the tables of tokenizers use with seed 0.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
  if (count != 3) return 64;
  uint64_t left = strtoull(arguments[1], NULL, 10), state = 88172645463325252u;
  const uint64_t factor = 0x9E3779B97F4A7C15u | 1;
  const int collide = arguments[2][0] == '1';
  char word[13] = {0};
  while (left > 0) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    uint64_t rest = state, hash = 0;
    for (int i = 0; i < 12; i++) {
      word[i] = (char)('a' + rest % 26);
      rest /= 26;
      hash = hash * factor + (uint8_t)word[i] + 1;
    }
    hash = (hash ^ hash >> 32) * 0xD6E8FEB86659FD93u;
    hash = (hash ^ hash >> 29) * 0xFF51AFD7ED558CCDu;
    if (collide && (hash >> 32 & 0xFFFFF) >= 256) continue;
    printf("%.6s %.6s 1\n", word, word + 6);
    left--;
  }
  return 0;
}
