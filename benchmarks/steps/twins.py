"""The networks of pix2pix and CycleGAN in PyTorch, as in their authors' code, and what their steps need beside them."""

import random

import torch
from torch import nn

from steps.common import BETAS, RATE, Work

INIT_STDDEV = 0.02


class UNet(nn.Module):
    """The twin of `kgan.networks.unet.generator` with instance norm, for images of a power of two."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        depth = size.bit_length() - 1
        widths = [min(width * 2**level, 8 * width) for level in range(depth)]
        noisy = range(depth - 2, depth - 2 - max(depth - 5, 1), -1)
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        for level in range(depth):
            down = [nn.Conv2d(widths[level - 1] if level else 3, widths[level], 4, 2, 1)]
            self.downs.append(nn.Sequential(*down, *norm(widths[level], 0 < level < depth - 1)))
        for level in reversed(range(1, depth)):
            taken = widths[level] * (1 if level == depth - 1 else 2)
            up = [nn.ReLU(inplace=True), nn.ConvTranspose2d(taken, widths[level - 1], 4, 2, 1)]
            dropout = [nn.Dropout(0.5)] if level in noisy else []
            self.ups.append(nn.Sequential(*up, *norm(widths[level - 1]), *dropout))
        self.last = nn.Sequential(nn.ReLU(inplace=True), nn.ConvTranspose2d(2 * widths[0], 3, 4, 2, 1), nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the translated images."""
        skips = []
        for level, down in enumerate(self.downs):
            x = nn.functional.leaky_relu(x, 0.2) if level else x
            skips.append(x)
            x = down(x)
        for up, skip in zip(self.ups, reversed(skips[1:]), strict=True):
            x = torch.cat([skip, up(x)], 1)
        return self.last(x)


class Residual(nn.Module):
    """A residual block of `resnet`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        halves = [[nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), *norm(width)] for _ in range(2)]
        self.change = nn.Sequential(*halves[0], nn.ReLU(inplace=True), *halves[1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the maps, changed."""
        return x + self.change(x)


def resnet(size: int, width: int) -> nn.Module:
    """Returns the twin of `kgan.networks.resnet.generator`."""
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), *norm(width), nn.ReLU(inplace=True)]
    for factor in (2, 4):
        layers += [nn.Conv2d(factor * width // 2, factor * width, 3, 2, 1), *norm(factor * width)]
        layers += [nn.ReLU(inplace=True)]
    layers += [Residual(4 * width) for _ in range(9 if size >= 256 else 6)]
    for factor in (2, 1):
        layers += [nn.ConvTranspose2d(2 * factor * width, factor * width, 3, 2, 1, output_padding=1)]
        layers += [*norm(factor * width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())


def critic(channels: int, width: int) -> nn.Module:
    """Returns the twin of `kgan.networks.patchgan.discriminator` of 70 pixels."""
    layers = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
    for factor, stride in ((2, 2), (4, 2), (8, 1)):
        layers += [nn.Conv2d(factor * width // 2, factor * width, 4, stride, 1), *norm(factor * width)]
        layers += [nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))


def norm(width: int, wanted: bool = True) -> list[nn.Module]:
    """Returns instance norm without scale and shift, or nothing."""
    return [nn.InstanceNorm2d(width)] if wanted else []


def ready(network: nn.Module) -> nn.Module:
    """Starts a network's kernels as N(0, 0.02^2), and lays it out channels-last."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, INIT_STDDEV)
            nn.init.zeros_(layer.bias)
    return network.to(memory_format=torch.channels_last)


def adam(network: nn.Module) -> torch.optim.Adam:
    """Returns a player's optimizer."""
    return torch.optim.Adam(network.parameters(), RATE, betas=BETAS)


def learn(network: nn.Module, wanted: bool) -> None:
    """Sets whether a backward pass makes gradients by a network's weights."""
    for weight in network.parameters():
        weight.requires_grad_(wanted)


def both_sides(work: Work) -> list[torch.Tensor]:
    """Returns a batch of noise of each side."""
    shape = (work.batch, 3, work.size, work.size)
    return [(torch.rand(shape) * 2 - 1).to(memory_format=torch.channels_last) for _ in "ab"]


class Pool:
    """The authors' pool of generated images."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[torch.Tensor] = []

    def query(self, images: torch.Tensor) -> torch.Tensor:
        """Returns as many images, each itself or one that was stored before it."""
        answers = []
        for image in images.split(1):
            if len(self.images) < self.size:
                self.images.append(image)
            elif random.random() > 0.5:
                place = random.randrange(self.size)
                image, self.images[place] = self.images[place].clone(), image
            answers.append(image)
        return torch.cat(answers)
