"""Latent codes that can be read back from an image: how each is drawn, and what Q's answer says of it.

Chen et al. 2016: a code c is drawn from a known distribution of entropy H(c) and given to the generator. A network Q
answers for an image x with the parameters of a distribution Q(c|x), and H(c) + E[log Q(c|x)] is a lower bound on the
mutual information I(c; x) (Barber and Agakov 2003; the paper's equation 4), tight where Q is the true posterior.
"""

from kgan.codes.base import Code
from kgan.codes.channels import Distortion
from kgan.codes.code_set import CodeSet
from kgan.codes.kinds import Categorical, Continuous

__all__ = ["Categorical", "Code", "CodeSet", "Continuous", "Distortion"]
