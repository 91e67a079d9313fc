"""Classifiers of pictures with scikit-learn's manners; scikit-learn need not be there."""

from .classifier import ImageClassifier
from .cnn import CNN
from .digits import DigitClassifier, LeNet, Scratch2dCNNClassifier

__all__ = ["CNN", "DigitClassifier", "ImageClassifier", "LeNet", "Scratch2dCNNClassifier"]
