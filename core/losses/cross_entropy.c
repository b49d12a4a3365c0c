// SPDX-License-Identifier: Apache-2.0
#include "core/losses/cross_entropy.h"

#include <math.h>
#include <stddef.h>

// The largest logit of image i, and the sum over classes of exp(logit - most).
static double softmax_sum(const real *logits, int classes, int n, int i, double *most) {
    double sum = 0;
    *most = (double)logits[i];
    for (int c = 1; c < classes; c++)
        *most = fmax(*most, (double)logits[(size_t)c * n + i]);
    for (int c = 0; c < classes; c++)
        sum += exp((double)logits[(size_t)c * n + i] - *most);
    return sum;
}

double cross_entropy(const real *logits, const int32_t *labels, int classes, int n, real *d_logits) {
    double loss = 0, most;
    for (int i = 0; i < n; i++) {
        double sum = softmax_sum(logits, classes, n, i, &most);
        loss += log(sum) + most - (double)logits[(size_t)labels[i] * n + i];
        for (int c = 0; d_logits && c < classes; c++) {
            double share = exp((double)logits[(size_t)c * n + i] - most) / sum;
            d_logits[(size_t)c * n + i] = (real)((share - (c == labels[i])) / n);
        }
    }
    return loss / n;
}

void cross_entropy_losses(const real *logits, const int32_t *labels, int classes, int n, double *out) {
    double most;
    for (int i = 0; i < n; i++) {
        double sum = softmax_sum(logits, classes, n, i, &most);
        out[i] = log(sum) + most - (double)logits[(size_t)labels[i] * n + i];
    }
}

double cross_entropy_weighted(const real *logits, const int32_t *labels, const double *weights, int classes,
                              int n, real *d_logits) {
    double loss = 0, most;
    for (int i = 0; i < n; i++) {
        double sum = softmax_sum(logits, classes, n, i, &most);
        loss += weights[i] * (log(sum) + most - (double)logits[(size_t)labels[i] * n + i]);
        for (int c = 0; c < classes; c++) {
            double share = exp((double)logits[(size_t)c * n + i] - most) / sum;
            d_logits[(size_t)c * n + i] = (real)(weights[i] * (share - (c == labels[i])));
        }
    }
    return loss;
}

void cross_entropy_predict(const real *logits, int classes, int n, int32_t *out) {
    for (int i = 0; i < n; i++) {
        out[i] = 0;
        for (int c = 1; c < classes; c++)
            if (logits[(size_t)c * n + i] > logits[(size_t)out[i] * n + i])
                out[i] = c;
    }
}

void cross_entropy_confidence(const real *logits, const int32_t *predictions, int classes, int n,
                              double *out) {
    for (int i = 0; i < n; i++) {
        double own = (double)logits[(size_t)predictions[i] * n + i], sum = 0;
        for (int c = 0; c < classes; c++)
            sum += exp((double)logits[(size_t)c * n + i] - own);
        out[i] = 1 / sum;
    }
}
