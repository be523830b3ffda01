// Group normalisation: a block for each image and group; the gradients of weight and bias by sums of columns (mod.rs has the formulas).
#include "../device/device.cuh"

// The block's group: `size` channels from `first` on, of all places of an image.
struct Group {
  int64_t start;  // of the image
  int first, size;
  int64_t count;
  int channels;
  __device__ int channel(int64_t i) const { return first + (int)(i % size); }
  __device__ int64_t at(int64_t i) const { return start + i / size * channels + channel(i); }
};

__device__ inline Group group_of(int places, int channels, int groups) {
  const int64_t image = blockIdx.x / groups;
  const int size = channels / groups, group = (int)(blockIdx.x % groups);
  return Group{image * places * channels, group * size, size, (int64_t)places * size, channels};
}

// `x`, `y`: [B, H W, C], `stats`: [B, groups, 2], mean and r.
KERNEL group_norm_forward(const real* x, const real* w, const real* b, real* y, float* stats, int places, int channels, int groups,
                          float eps) {
  const Group group = group_of(places, channels, groups);
  float sum = 0, squares = 0;
  for (int64_t i = threadIdx.x; i < group.count; i += blockDim.x) sum += (float)x[group.at(i)];
  const float mean = block_sum(sum) / group.count;
  for (int64_t i = threadIdx.x; i < group.count; i += blockDim.x) {
    const float centred = (float)x[group.at(i)] - mean;
    squares += centred * centred;
  }
  const float r = 1.0f / sqrtf(block_sum(squares) / group.count + eps);
  for (int64_t i = threadIdx.x; i < group.count; i += blockDim.x) {
    const int c = group.channel(i);
    y[group.at(i)] = (real)(((float)x[group.at(i)] - mean) * r * (float)w[c] + (float)b[c]);
  }
  if (threadIdx.x == 0) stats[2 * blockIdx.x] = mean, stats[2 * blockIdx.x + 1] = r;
}
EXPORT(group_norm_forward)

KERNEL group_norm_input(const real* dy, const real* x, const float* stats, const real* w, real* dx, int places, int channels,
                        int groups) {
  const Group group = group_of(places, channels, groups);
  const float mean = stats[2 * blockIdx.x], r = stats[2 * blockIdx.x + 1];
  float sum_g = 0, sum_gn = 0;
  for (int64_t i = threadIdx.x; i < group.count; i += blockDim.x) {
    const float g = (float)dy[group.at(i)] * (float)w[group.channel(i)];
    sum_g += g;
    sum_gn += g * (((float)x[group.at(i)] - mean) * r);
  }
  const float mean_g = block_sum(sum_g) / group.count, mean_gn = block_sum(sum_gn) / group.count;
  for (int64_t i = threadIdx.x; i < group.count; i += blockDim.x) {
    const float g = (float)dy[group.at(i)] * (float)w[group.channel(i)], n = ((float)x[group.at(i)] - mean) * r;
    dx[group.at(i)] = (real)(r * (g - mean_g - n * mean_gn));
  }
}
EXPORT(group_norm_input)

// `parts`: [chunks, 2 C], of each chunk of places its part of dw, then of db.
KERNEL group_norm_params(const real* dy, const real* x, const float* stats, float* parts, int64_t rows, int places, int channels,
                         int groups) {
  const Chunk chunk = chunk_of(rows, channels);
  float dw = 0, db = 0;
  if (chunk.column < channels)
    for (int64_t row = chunk.first; row < chunk.end; row += 8) {
      const float g = (float)dy[row * channels + chunk.column];
      const float* of = stats + 2 * (row / places * groups + chunk.column / (channels / groups));
      dw += g * (((float)x[row * channels + chunk.column] - of[0]) * of[1]);
      db += g;
    }
  dw = sum_over_rows(dw), db = sum_over_rows(db);
  if (threadIdx.y == 0 && chunk.column < channels) {
    parts[chunk.index * 2 * channels + chunk.column] = dw;
    parts[chunk.index * 2 * channels + channels + chunk.column] = db;
  }
}
EXPORT(group_norm_params)
