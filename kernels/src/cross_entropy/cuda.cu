// Softmax cross entropy, a block a row. With label smoothing s, of a row's scores z and its label l:
// loss = (1 - s) (log sum e^z - z_l) + s (log sum e^z - mean z), dz = softmax(z) - (1 - s) onehot(l) - s / C.
#include "../device/device.cuh"

#define IGNORED 0xffffffffu

// The logarithm of the sum of e^z over a row, the same in each thread of the block.
__device__ inline float log_sum(const real* z, int classes) {
  float largest = -INFINITY;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) largest = fmaxf(largest, (float)z[i]);
  largest = block_max(largest);
  float sum = 0;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) sum += expf((float)z[i] - largest);
  return logf(block_sum(sum)) + largest;
}

// What one row adds to the loss.
__device__ inline float row_loss(const real* z, int classes, uint32_t label, float log_sum, float smoothing) {
  const float hard = log_sum - (float)z[label];
  if (smoothing == 0) return hard;  // a score of minus infinity would make 0 * inf
  float sum = 0;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) sum += (float)z[i];
  return (1 - smoothing) * hard + smoothing * (log_sum - block_sum(sum) / classes);
}

__device__ inline float slope(float z, bool chosen, int classes, float log_sum, float smoothing) {
  return expf(z - log_sum) - (chosen ? 1 - smoothing : 0.0f) - smoothing / classes;
}

// `z`: [rows, classes], a block a row: each row's loss, and if `gradient` is not 0 `share dz`, where `dz` may be `z` itself. An ignored
// row has a loss and a gradient of 0, whatever its scores.
KERNEL cross_entropy_rows(const real* z, const uint32_t* labels, float* losses, real* dz, int classes, int gradient, float share,
                          float smoothing) {
  const int64_t row = blockIdx.x;
  const uint32_t label = labels[row];
  z += row * classes, dz += row * classes;
  if (label == IGNORED) {  // the whole block
    if (gradient)
      for (int i = threadIdx.x; i < classes; i += blockDim.x) dz[i] = (real)0.0f;
    if (threadIdx.x == 0) losses[row] = 0;
    return;
  }
  const float sum = log_sum(z, classes), loss = row_loss(z, classes, label, sum, smoothing);
  if (threadIdx.x == 0) losses[row] = loss;
  if (!gradient) return;
  __syncthreads();  // the label's score has been read by all
  for (int i = threadIdx.x; i < classes; i += blockDim.x)
    dz[i] = (real)(share * slope((float)z[i], (uint32_t)i == label, classes, sum, smoothing));
}
EXPORT(cross_entropy_rows)

// `loss = share * sum of losses`, in one block, summed in double.
KERNEL cross_entropy_total(const float* losses, float* loss, int64_t rows, float share) {
  double sum = 0;
  for (int64_t row = threadIdx.x; row < rows; row += blockDim.x) sum += losses[row];
  sum = block_sum(sum);
  if (threadIdx.x == 0) loss[0] = (float)(share * sum);
}
EXPORT(cross_entropy_total)
