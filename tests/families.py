"""Random families of networks for tests: copies with small changes, as a search breeds them."""

from wann.genome.network import Network, network_from_connections

ALL = tuple(range(1, 12))
BOUNDED = (2, 3, 4, 5, 6, 10)
SMOOTH = (1, 4, 5, 6, 7)


class Draft:
    """A network that can be changed: the labels of hidden nodes do not tell their order."""

    def __init__(self, n_inputs, n_outputs):
        self.n_inputs, self.n_outputs = n_inputs, n_outputs
        self.hidden = []
        self.activation = {("out", k): 1 for k in range(n_outputs)}
        self.pairs = set()

    def copy(self):
        other = Draft(self.n_inputs, self.n_outputs)
        other.hidden, other.pairs = list(self.hidden), set(self.pairs)
        other.activation = dict(self.activation)
        return other

    def change(self, rng, activations, label):
        """Adds a node or connection, takes a connection away or changes an activation."""
        fixed = [("in", k) for k in range(1 + self.n_inputs)]
        outputs = [("out", k) for k in range(self.n_outputs)]
        kind = rng.integers(4)
        if kind == 0 or not self.hidden:
            at = int(rng.integers(len(self.hidden) + 1))
            node = ("hidden", label)
            self.hidden.insert(at, node)
            self.activation[node] = int(rng.choice(activations))
            sources = [*fixed, *self.hidden[:at]]
            targets = [*self.hidden[at + 1 :], *outputs]
            for k in rng.integers(len(sources), size=3):
                self.pairs.add((sources[k], node))
            for k in rng.integers(len(targets), size=2):
                self.pairs.add((node, targets[k]))
        elif kind == 1:
            nodes = [*self.hidden, *outputs]
            at = int(rng.integers(len(nodes)))
            sources = [*fixed, *self.hidden[:at]]
            self.pairs.add((sources[int(rng.integers(len(sources)))], nodes[at]))
        elif kind == 2 and self.pairs:
            ordered = sorted(self.pairs)
            self.pairs.discard(ordered[int(rng.integers(len(ordered)))])
        else:
            node = self.hidden[int(rng.integers(len(self.hidden)))]
            self.activation[node] = int(rng.choice(activations))

    def network(self, rng=None) -> Network:
        """The network; with a generator the hidden nodes lie in a random possible order."""
        order = list(self.hidden)
        if rng is not None:
            order, left = [], list(self.hidden)
            while left:
                ready = [n for n in left if not any(t == n and s in left for s, t in self.pairs)]
                node = ready[int(rng.integers(len(ready)))]
                order.append(node)
                left.remove(node)
        fixed = [("in", k) for k in range(1 + self.n_inputs)]
        outputs = [("out", k) for k in range(self.n_outputs)]
        number = {node: i for i, node in enumerate([*fixed, *order, *outputs])}
        return network_from_connections(
            self.n_inputs,
            self.n_outputs,
            [1] * len(fixed) + [self.activation[node] for node in [*order, *outputs]],
            [(number[s], number[t]) for s, t in self.pairs],
        )


def family(rng, n, n_inputs=6, n_outputs=4, activations=ALL, n_changes=30):
    """Drafts of n relatives: an ancestor, and copies of one before with a change or two."""
    ancestor = Draft(n_inputs, n_outputs)
    for k in range(n_changes):
        ancestor.change(rng, activations, k)
    drafts = [ancestor]
    while len(drafts) < n:
        child = drafts[int(rng.integers(len(drafts)))].copy()
        for k in range(int(rng.integers(3))):
            child.change(rng, activations, n_changes + len(drafts) * 3 + k)
        drafts.append(child)
    return drafts
