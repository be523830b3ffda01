// Convolution as matrix products whose operands are gathered as they are loaded (implicit GEMM; mod.rs has the formulas). A block of
// 256 threads makes a tile of 64 by 64 numbers of the result, a thread 4 by 4 of them, each summed in the order of the depth.
//
// Plain float arithmetic; tensor cores are not used.
#include "../device/device.cuh"

#define TILE 64
#define DEPTH 16
#define EACH 4
#define PITCH (TILE + 1)

// `out += a b` for the tile at (row, column), over depths from `from` to `to`. `a(m, k)` and `b(k, n)` give numbers, 0 outside of their
// matrix; A_BY_DEPTH, B_BY_DEPTH: whether numbers of neighbouring depths lie side by side in memory.
template <bool A_BY_DEPTH, bool B_BY_DEPTH, class A, class B>
__device__ inline void multiply(float (&out)[EACH][EACH], int64_t row, int64_t column, int64_t from, int64_t to, A a, B b) {
  SHARED(float, a_tile, DEPTH * PITCH);
  SHARED(float, b_tile, DEPTH * PITCH);
  const int thread = threadIdx.x, own_row = thread / 16 * EACH, own_column = thread % 16 * EACH;
  for (int64_t depth = from; depth < to; depth += DEPTH) {
    __syncthreads();  // the last tiles have been read
    for (int i = thread; i < DEPTH * TILE; i += 256) {
      const int k = A_BY_DEPTH ? i % DEPTH : i / TILE, m = A_BY_DEPTH ? i / DEPTH : i % TILE;
      a_tile[k * PITCH + m] = depth + k < to ? a(row + m, depth + k) : 0.0f;
    }
    for (int i = thread; i < DEPTH * TILE; i += 256) {
      const int k = B_BY_DEPTH ? i % DEPTH : i / TILE, n = B_BY_DEPTH ? i / DEPTH : i % TILE;
      b_tile[k * PITCH + n] = depth + k < to ? b(depth + k, column + n) : 0.0f;
    }
    __syncthreads();
    for (int k = 0; k < DEPTH; k++) {
      float left[EACH], right[EACH];
#pragma unroll
      for (int i = 0; i < EACH; i++) left[i] = a_tile[k * PITCH + own_row + i], right[i] = b_tile[k * PITCH + own_column + i];
#pragma unroll
      for (int i = 0; i < EACH; i++)
#pragma unroll
        for (int j = 0; j < EACH; j++) out[i][j] += left[i] * right[j];
    }
  }
}

// The block's tile of a group's result: blocks go through tiles of columns, then of rows, then through the parts of the depth, then groups.
struct Tile {
  int64_t row, column;
  int part, group;
};

__device__ inline Tile tile_of(int64_t rows, int64_t columns, int parts) {
  const int64_t across = (columns + TILE - 1) / TILE, down = (rows + TILE - 1) / TILE, block = blockIdx.x;
  return Tile{block / across % down * TILE, block % across * TILE, (int)(block / across / down % parts), (int)(block / across / down / parts)};
}

// A thread's place in its tile.
__device__ inline int64_t own_row(const Tile& tile, int i) { return tile.row + threadIdx.x / 16 * EACH + i; }
__device__ inline int64_t own_column(const Tile& tile, int j) { return tile.column + threadIdx.x % 16 * EACH + j; }

// Filters `[O, C, KH, KW]` of a group: `outs` by `channels` by `taps`.
struct Filters {
  const real* w;
  int outs, channels, taps;
  __device__ float at(int64_t out, int64_t channel, int tap) const { return (float)w[(out * channels + channel) * taps + tap]; }
};

// What place `tap` of the window sees of a channel of the group, for an output counted over all images.
struct Image {
  const real* x;
  Window window;
  int first, channels, pixel;  // the group's first channel and their number; the channels of a place
  __device__ float at(int64_t output, int tap, int channel) const {
    const int w = (int)(output % window.out[1]), h = (int)(output / window.out[1] % window.out[0]);
    const int64_t image = output / window.out[1] / window.out[0];
    const int row = window.at(0, h, tap / window.kernel[1]), column = window.at(1, w, tap % window.kernel[1]);
    if (!window.inside(row, column)) return 0.0f;
    return (float)x[((image * window.image[0] + row) * window.image[1] + column) * pixel + first + channel];
  }
};

// `y`: [B, H', W', groups outs], `outputs` places; `b`: [groups outs], read if `biased`.
KERNEL conv2d_forward(const real* x, const real* w, const real* b, real* y, int64_t outputs, int channels, int outs, int groups,
                      int biased, WINDOW_ARGS) {
  const Window window = WINDOW;
  const int taps = kernel_h * kernel_w;
  const Tile tile = tile_of(outputs, outs, 1);
  const Image image{x, window, tile.group * channels, channels, groups * channels};
  const Filters filters{w + (int64_t)tile.group * outs * channels * taps, outs, channels, taps};
  float out[EACH][EACH] = {};
  multiply<true, true>(
      out, tile.row, tile.column, 0, (int64_t)taps * channels,
      [&](int64_t m, int64_t k) { return m < outputs ? image.at(m, (int)(k / channels), (int)(k % channels)) : 0.0f; },
      [&](int64_t k, int64_t n) { return n < outs ? filters.at(n, k % channels, (int)(k / channels)) : 0.0f; });
  for (int i = 0; i < EACH; i++)
    for (int j = 0; j < EACH; j++) {
      const int64_t m = own_row(tile, i), n = own_column(tile, j), column = (int64_t)tile.group * outs + n;
      if (m < outputs && n < outs) y[m * groups * outs + column] = (real)(out[i][j] + (biased ? (float)b[column] : 0.0f));
    }
}
EXPORT(conv2d_forward)

// `dx`: [B, H, W, groups channels], `inputs` places.
KERNEL conv2d_input(const real* dy, const real* w, real* dx, int64_t inputs, int channels, int outs, int groups, WINDOW_ARGS) {
  const Window window = WINDOW;
  const int taps = kernel_h * kernel_w;
  const Tile tile = tile_of(inputs, channels, 1);
  const Filters filters{w + (int64_t)tile.group * outs * channels * taps, outs, channels, taps};
  float out[EACH][EACH] = {};
  multiply<true, true>(
      out, tile.row, tile.column, 0, (int64_t)taps * outs,
      [&](int64_t m, int64_t k) {
        if (m >= inputs) return 0.0f;
        const int tap = (int)(k / outs);
        const int row = window.output(0, (int)(m / width % height), tap / kernel_w), column = window.output(1, (int)(m % width), tap % kernel_w);
        if (row < 0 || column < 0) return 0.0f;
        return (float)dy[((m / width / height * out_h + row) * out_w + column) * groups * outs + tile.group * outs + k % outs];
      },
      [&](int64_t k, int64_t n) { return n < channels ? filters.at(k % outs, n, (int)(k / outs)) : 0.0f; });
  for (int i = 0; i < EACH; i++)
    for (int j = 0; j < EACH; j++) {
      const int64_t m = own_row(tile, i), n = own_column(tile, j);
      if (m < inputs && n < channels) dx[m * groups * channels + tile.group * channels + n] = (real)out[i][j];
    }
}
EXPORT(conv2d_input)

// `sums`: [groups, parts, outs, taps channels]: each part's share of the filters' gradient, over `length` outputs.
KERNEL conv2d_filters(const real* dy, const real* x, float* sums, int64_t outputs, int channels, int outs, int groups, int parts, int length,
                      WINDOW_ARGS) {
  const Window window = WINDOW;
  const int64_t columns = (int64_t)kernel_h * kernel_w * channels;
  const Tile tile = tile_of(outs, columns, parts);
  const Image image{x, window, tile.group * channels, channels, groups * channels};
  const int64_t from = (int64_t)tile.part * length, to = from + length < outputs ? from + length : outputs;
  float out[EACH][EACH] = {};
  multiply<false, false>(
      out, tile.row, tile.column, from, to,
      [&](int64_t m, int64_t k) { return m < outs ? (float)dy[k * groups * outs + tile.group * outs + m] : 0.0f; },
      [&](int64_t k, int64_t n) { return n < columns ? image.at(k, (int)(n / channels), (int)(n % channels)) : 0.0f; });
  sums += ((int64_t)tile.group * parts + tile.part) * outs * columns;
  for (int i = 0; i < EACH; i++)
    for (int j = 0; j < EACH; j++) {
      const int64_t m = own_row(tile, i), n = own_column(tile, j);
      if (m < outs && n < columns) sums[m * columns + n] = out[i][j];
    }
}
EXPORT(conv2d_filters)

// `dw`: [groups outs, channels, taps], n elements: the parts in their order.
KERNEL conv2d_fold(const float* sums, real* dw, int64_t n, int channels, int outs, int taps, int parts) {
  const int64_t i = element();
  if (i >= n) return;
  const int tap = (int)(i % taps), channel = (int)(i / taps % channels);
  const int64_t out = i / taps / channels, columns = (int64_t)taps * channels;
  const float* from = sums + (out / outs * parts * outs + out % outs) * columns + (int64_t)tap * channels + channel;
  float sum = 0;
  for (int part = 0; part < parts; part++) sum += from[part * outs * columns];
  dw[i] = (real)sum;
}
EXPORT(conv2d_fold)
