"""NotFittedError: in a file of its own, because it is scikit-learn's too and importing that takes a second."""

from __future__ import annotations

from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from personaspace.errors import PersonaSpaceError


class NotFittedError(PersonaSpaceError, SklearnNotFittedError):  # type: ignore[misc]  # scikit-learn has no types
    """Something was asked of an object before it was fitted.

    Example:
        >>> import sklearn.exceptions
        >>> issubclass(NotFittedError, sklearn.exceptions.NotFittedError)
        True
    """
