# SPDX-License-Identifier: Apache-2.0
"""The losses of `reff train` and a training step, in PyTorch: for peer_train.py, which checks the engine with them, and
bench_peer.py, which measures how long they take.

Cross entropy, plus lambda times the mean over the batch of sum_l w_l * sum or mean over pixels of (P_l (1 - s))^2
(reff), |P_l - s| (reff-l1), (P_l - s)^2 (reff-l2) or -P_l s (energy, always resized first), where P_l is the Grad-CAM of
stage l for the true class, normalised to sum 1 and resized to the image (or the other way round). Batch norm is in training mode, and the gradient goes through
Grad-CAM's weights too. For abn, the attention branch network: plus the cross entropy of the attention branch (loss_att),
plus gamma times loss_map, that mean of (M - s)^2 of the attention map M, resized. For rrr: plus lambda times the mean
over the batch of sum (1 - s) sum_colours (d/dx sum_k log p_k)^2, x the normalised image.
"""
import torch
import torch.nn.functional as F

STAGES = ("layer1", "layer2", "layer3", "layer4")
# What each method has unless options say otherwise, as in core/train/train_settings.c: lambda, layer weights, reduction.
METHODS = {"baseline": (0.0, "0,0,0,0", "mean"), "reff": (1.0, "15,60,250,1000", "mean"),
           "reff-single": (1000.0, "0,0,0,1", "mean"), "reff-l1": (1e-6, "15,60,250,1000", "sum"),
           "reff-l2": (1e-6, "15,60,250,1000", "sum"), "abn": (0.0, "0,0,0,0", "mean"),
           "energy": (1e-3, "15,60,250,1000", "sum"), "rrr": (1.0, "0,0,0,0", "sum")}


def grad_cam(logits, labels, maps, create_graph=True):
    """The maps R [N,h,w] of the stages, from c = sum_n logits[n, y_n]; create_graph keeps alpha a function of the
    parameters."""
    c = logits.gather(1, labels[:, None]).sum()
    gradients = torch.autograd.grad(c, maps, create_graph=create_graph)
    return [F.relu((g.mean(dim=(2, 3), keepdim=True) * a).sum(dim=1)) for g, a in zip(gradients, maps)]


def to_image(r, size):
    return F.interpolate(r[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]


def penalty(cam, masks, args):
    """One number per image."""
    def normalise(r):
        return r / (r.sum(dim=(1, 2), keepdim=True) + args.cam_eps)

    size = masks.shape[1:]
    first = args.normalise == "normalise-first" and args.method != "energy"
    p = to_image(normalise(cam), size) if first else normalise(to_image(cam, size))
    if args.method == "reff-l1":
        terms = (p - masks).abs()
    elif args.method == "reff-l2":
        terms = (p - masks) ** 2
    elif args.method == "energy":
        terms = -p * masks
    else:
        terms = (p * (1 - masks)) ** 2
    return terms.sum(dim=(1, 2)) if args.reduction == "sum" else terms.mean(dim=(1, 2))


def losses(net, stages, images, labels, masks, args):
    """The parts of a batch's loss and `loss`, their sum, attached to the graph."""
    if args.method == "rrr":
        images = images.clone().requires_grad_()
    logits = net(images)
    loss_main = F.cross_entropy(logits, labels)
    if args.method == "baseline":
        return {"loss": loss_main, "loss_main": loss_main, "loss_reg": torch.zeros(())}
    if args.method == "abn":
        loss_att = F.cross_entropy(net.att_logits, labels)
        terms = (to_image(net.att_map[:, 0], masks.shape[1:]) - masks) ** 2
        loss_map = (terms.sum(dim=(1, 2)) if args.reduction == "sum" else terms.mean(dim=(1, 2))).mean()
        return {"loss": loss_main + loss_att + args.gamma * loss_map, "loss_main": loss_main,
                "loss_reg": torch.zeros(()), "loss_att": loss_att, "loss_map": loss_map}
    if args.method == "rrr":
        score = F.log_softmax(logits, dim=1).sum()
        gradient = torch.autograd.grad(score, images, create_graph=True)[0]
        loss_reg = ((1 - masks) * (gradient ** 2).sum(dim=1)).sum(dim=(1, 2)).mean()
        return {"loss": loss_main + args.lam * loss_reg, "loss_main": loss_main, "loss_reg": loss_reg}
    chosen = [(stages[name], w) for name, w in zip(STAGES, args.layer_weights) if w]
    cams = grad_cam(logits, labels, [a for a, _ in chosen])
    loss_reg = sum(w * penalty(cam, masks, args) for cam, (_, w) in zip(cams, chosen)).mean()
    return {"loss": loss_main + args.lam * loss_reg, "loss_main": loss_main, "loss_reg": loss_reg}


def train_step(net, stages, optimiser, batch, args):
    images, labels, masks = batch
    if args.channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    parts = losses(net, stages, images, labels, masks, args)
    # autograd.grad, not backward(): the graph of the first derivatives is freed with the second.
    for parameter, gradient in zip(net.parameters(), torch.autograd.grad(parts["loss"], list(net.parameters()))):
        parameter.grad = gradient
    optimiser.step()
    return {name: part.item() for name, part in parts.items()}
