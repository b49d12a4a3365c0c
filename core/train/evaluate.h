// SPDX-License-Identifier: Apache-2.0
// What a network does on a shard: accuracies, worst class and group, Grad-CAM inside the annotation,
// confusion matrix.
#ifndef REFF_TRAIN_EVALUATE_H
#define REFF_TRAIN_EVALUATE_H

#include "core/shard/shard.h"
#include "core/train/trainer.h"

enum {
    GROUP_MINIMUM = 20,   // the accuracy of smaller groups is mostly chance (docs/experiments.md, section 3)
    CALIBRATION_BINS = 15 // of equal width over confidence 0..1 (Guo et al. 2017)
};

// The share of images classified correctly, in percent. shard's pixels and classes must be the network's.
// Fails with the image and the layer where the network's output is not finite, or with the parameter that is
// not.
int evaluate_accuracy(struct trainer *t, struct shard *shard, double *accuracy, struct error *err);

// Expected calibration error in percent (Guo et al. 2017): the mean over images of |accuracy - mean
// confidence| of the image's bin. confidence [n] in 0..1, correct [n] 0 or 1.
double evaluate_calibration_error(const double *confidence, const uint8_t *correct, long n);

// Puts into the report what the groups of images say: group [count], correct [count] 0 or 1, names the
// shard's attribute `group_names` or NULL. Accuracies are percent.
//   worst_group_accuracy, worst_group, groups_counted
//              the lowest accuracy of a group of at least 20 images, that group (the first of several), how
//              many groups are as large; null and -1 where none is
//   worst_group_name
//              its name, if it has one
//   aligned_accuracy, conflicting_accuracy, group_gap
//              where names say which groups are aligned or conflicting (core/shard/groups.h): the share of
//              correct ones of all images of the kind together, so that classes count by their images; the
//              first minus the second. Null where a kind has fewer than 20 images
int evaluate_groups(json_t *report, const int32_t *group, const uint8_t *correct, long count,
                    const json_t *names, struct error *err);

// Everything, as a JSON object (new reference, NULL on failure; fails as evaluate_accuracy). What is measured
// inside annotations is null where the shard has none (its attribute `annotations` is "none"):
//   accuracy, mean_class_accuracy, worst_class_accuracy, worst_class
//              percent
//   worst_group_accuracy, worst_group, worst_group_name, groups_counted
//   aligned_accuracy, conflicting_accuracy, group_gap
//              what evaluate_groups says, where the shard has a column `group`
//   ece        expected calibration error, percent
//   cam_inside {layer1..layer4}
//              mean share of the true label's Grad-CAM, resized, that lies inside the annotation (ABN: of the
//              perception branch's score, which reaches stages 1 to 3 through the attention map as well)
//   cam_beyond_area {layer1..layer4}
//              mean of (inside - a) / (1 - a), a the annotation's share of the image: 0 for a map that is the same
//              everywhere
//   pointing   {layer1..layer4}
//              share of images whose Grad-CAM has its maximum inside (the pointing game)
//   cam_zero   {layer1..layer4}
//              images whose map is zero everywhere (left out of the two above)
//   attention_accuracy, attention_inside, attention_pointing
//              ABN: percent of the attention branch's logits, and the same two of its map M (the other
//              numbers are the perception branch's)
//   confusion  [label][prediction]
//              counts
json_t *evaluate_report(struct trainer *t, struct shard *shard, struct error *err);

#endif
