import numpy
import torch

from spacy_deepal.vectors.sparse import SparseMatrix


def test_sparse_products_are_those_of_the_dense_matrix():
    """Rows and columns without an entry, and two entries in one place, are dealt with too."""
    rows, columns = numpy.asarray([3, 0, 3, 0]), numpy.asarray([0, 2, 0, 1])
    matrix = SparseMatrix.from_entries(rows, columns, numpy.asarray([1.0, 2.0, 3.0, 4.0]), (5, 4))
    dense = torch.zeros(5, 4)
    dense[0, 1], dense[0, 2], dense[3, 0] = 4, 2, 4
    assert torch.equal(matrix.times(torch.eye(4)), dense)
    assert torch.equal(matrix.transposed_times(torch.eye(5)), dense.T)
