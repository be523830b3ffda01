// Dropout from the stream's bits, a thread for each block of four elements: the mask has the CPU's bits.
#include "../device/device.cuh"

KERNEL dropout_apply(const real* x, real* y, int64_t n, uint64_t stream, int limit, float scale) {
  const int64_t block = element();
  if (4 * block >= n) return;
  const Words words = random_block(stream, (uint64_t)block);
  for (int i = 0; i < 4 && 4 * block + i < n; i++)
    y[4 * block + i] = (real)((float)x[4 * block + i] * kept(words.word[i], (uint32_t)limit, scale));
}
EXPORT(dropout_apply)
