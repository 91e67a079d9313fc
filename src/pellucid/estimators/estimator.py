"""What scikit-learn asks of a classifier, without scikit-learn: for pictures, and with a network inside."""

import inspect
from typing import Any, Self

from .._core.errors import ConfigError


class Estimator:
    """Hyper-parameters are the constructor's arguments, kept as they were given under their names.

    So `get_params`, `set_params` and scikit-learn's ``clone``, pipelines and searches work.  A subclass takes keyword
    arguments only, and looks at them when it is fitted.
    """

    _estimator_type = "classifier"

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all hyper-parameters by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Self:
        """Set hyper-parameters by name; return self.

        Raises
        ------
        ConfigError
            If there is none of that name; nothing is set then.
        """
        for name in params:
            if name not in self._names():
                raise ConfigError(f"{type(self).__name__}: no parameter {name!r}; there are {', '.join(self._names())}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        # Asked by scikit-learn alone, which then is there.
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=True, three_d_array=True),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        given = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not (type(value) is type(defaults[name].default) and value == defaults[name].default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"
