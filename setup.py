from setuptools import find_packages, setup

# The configs lie at the top of the repository, where users look, and are part of the package.
setup(
    packages=[*find_packages(include=["spacy_deepal*"]), "spacy_deepal.configs"],
    package_dir={"spacy_deepal.configs": "configs"},
)
