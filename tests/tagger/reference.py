"""The network once more, slow and plain: a sentence at a time, a word at a time, in float64.

Written after the paper (section 3); it shares with the package the names of the weights alone.
"""

import numpy as np
from spacy.strings import get_string_id
from thinc.api import NumpyOps

UNKNOWN_CHARACTER, BOW, EOW = 1, 2, 3  # 0 is padding, which a single sentence does not need
UNKNOWN_WORD, BOS, EOS = 0, 1, 2


class Reference:
    """tagger: whose weights and vocabulary it has. masks: by name of a dropout module, the factors
    of its units. tokvecs: the vectors of a Doc's tokens, white space among them, where the network
    stands on a tok2vec."""

    def __init__(self, tagger, masks=None, tokvecs=None):
        self.sizes, self.vocabulary = tagger.network.sizes, tagger.vocabulary
        self.embed, self.tags = self.sizes.embed, self.sizes.tags
        weights = tagger.network.named_parameters()
        self.weights = {name: value.detach().double().numpy() for name, value in weights}
        self.tokvecs = tokvecs
        self.masks = {name: mask.double().numpy() for name, mask in (masks or {}).items()}

    def greedy(self, doc):
        """RETURNS: The tags, and log P of every tag given the tags before [n_words, n_tags]."""
        go = self.tags
        tags, rows, state = [], [], None
        for word in self.encode(doc):
            logits, state = self.decoder_step(word, tags[-1] if tags else go, state)
            tags.append(int(np.argmax(logits)))
            rows.append(log_softmax(logits))
        return tags, np.asarray(rows)

    def teacher_forced(self, doc, previous):
        """RETURNS: log P of every tag, given these previous tags [n_words, n_tags]."""
        rows, state = [], None
        for word, tag in zip(self.encode(doc), previous, strict=True):
            logits, state = self.decoder_step(word, tag, state)
            rows.append(log_softmax(logits))
        return np.asarray(rows)

    def encode(self, doc):
        texts = [token.text for token in doc if not token.is_space]
        frame = ("", [[0, 0]] * len(self.embed.attrs), np.zeros(self.sizes.vectors_width))
        words = [(BOS, *frame)]
        for text in texts:
            known = self.vocabulary.words
            number = known.index(text) + 3 if text in known else UNKNOWN_WORD
            words.append((number, text, self.attributes(doc, text), self.vector(doc, text)))
        words.append((EOS, *frame))
        represented = [self.represent(*word) for word in words]
        if self.tokvecs:
            represented = self.add_context(represented, self.tokvecs(doc), doc)
        w_full = [self.drop("encoder.dropout", word) for word in represented]
        encode = self.sizes.encode
        h_last = self.convolve(
            "encoder.convolutions", w_full, encode.kernel, encode.layers, encode.layer_norm
        )
        return [np.concatenate(pair) for pair in zip(h_last, w_full, strict=True)][1:-1]

    def represent(self, number, text, attributes, vector):
        parts = [self.weights["encoder.unknown"] + self.weights["encoder.embedding.weight"][number]]
        parts.append(self.characters(text))
        for i, rows in enumerate(attributes):
            start = sum(self.embed.attr_rows[:i])
            parts.append(self.weights["encoder.attributes.weight"][start:][rows].sum(0))
        if self.sizes.vectors_width:
            weight = self.weights["encoder.vectors.weight"]
            parts.append(weight @ vector + self.weights["encoder.vectors.bias"])
        return np.concatenate(parts)

    def add_context(self, words, tokvecs, doc):
        """The projected vector of each real word; [BOS] and [EOS] have none, not even the bias."""
        weight, bias = self.weights["encoder.context.weight"], self.weights["encoder.context.bias"]
        rows = [weight @ tokvecs[token.i] + bias for token in doc if not token.is_space]
        nothing = np.zeros(len(bias))
        rows = [nothing, *rows, nothing]
        return [np.concatenate(pair) for pair in zip(words, rows, strict=True)]

    def characters(self, text):
        most = self.embed.max_chars
        if len(text) > most:
            text = text[: most - most // 2] + text[len(text) - most // 2 :]
        known = self.vocabulary.characters
        ids = [known.index(c) + 4 if c in known else UNKNOWN_CHARACTER for c in text]
        table = self.weights["encoder.characters.embedding.weight"]
        rows = [table[number] for number in (BOW, *ids, EOW)]
        kernel, layers = self.embed.char_kernel, self.embed.char_layers
        rows = self.convolve("encoder.characters.convolutions", rows, kernel, layers, False)
        return np.max(rows, axis=0)

    def attributes(self, doc, text):
        """Rows of each attribute's table: its hash's first two parts, modulo the table's length."""
        found = []
        for i, (attr, size) in enumerate(zip(self.embed.attrs, self.embed.attr_rows, strict=True)):
            if attr in ("NORM", "LOWER", "SHAPE", "PREFIX", "SUFFIX"):
                value = getattr(doc.vocab[text], f"{attr.lower()}_")
            else:
                length = int(attr[6:])
                value = text[:length] if attr.startswith("PREFIX") else text[-length:]
            parts = NumpyOps().hash(np.asarray([get_string_id(value)], "uint64"), i)[0]
            found.append([int(parts[0]) % size, int(parts[1]) % size])
        return found

    def vector(self, doc, text):
        for form in (text, text.lower(), text.capitalize(), text.upper()):
            if self.sizes.vectors_width and doc.vocab.strings.add(form) in doc.vocab.vectors:
                return self.vocabulary.vectors_scale * doc.vocab.vectors[form]
        return np.zeros(self.sizes.vectors_width)

    def convolve(self, prefix, rows, kernel, layers, normalise):
        reach = kernel // 2
        for layer in range(layers):
            rows = [self.drop(f"{prefix}.dropouts.{layer}", row) for row in rows]
            new = []
            for i, row in enumerate(rows):
                window = [
                    rows[j] if 0 <= j < len(rows) else np.zeros_like(row)
                    for j in range(i - reach, i + reach + 1)
                ]
                weight = self.weights[f"{prefix}.convolutions.{layer}.weight"]
                weight = weight.transpose(0, 2, 1).reshape(len(weight), -1)  # as the window lies
                bias = self.weights[f"{prefix}.convolutions.{layer}.bias"]
                projection = self.weights.get(f"{prefix}.residuals.{layer}.weight")
                value = np.maximum(weight @ np.concatenate(window) + bias, 0)
                value = value + (row if projection is None else projection @ row)
                if normalise:
                    value = (value - value.mean()) / np.sqrt(value.var() + 1e-5)
                    value = value * self.weights[f"{prefix}.norms.{layer}.weight"]
                    value = value + self.weights[f"{prefix}.norms.{layer}.bias"]
                new.append(value)
            rows = new
        return rows

    def decoder_step(self, h_enc, previous, state):
        width, layers = self.sizes.decode.width, self.sizes.decode.layers
        state = state or [(np.zeros(width), np.zeros(width)) for _ in range(layers)]
        embedding = self.weights["decoder.embedding.weight"][previous]
        value = np.concatenate([self.drop("decoder.input_dropout", h_enc), embedding])
        new_state = []
        for layer, (hidden, cell) in enumerate(state):
            name = f"decoder.layers.{layer}."
            gates = self.weights[name + "weight_ih_l0"] @ value
            gates = gates + self.weights[name + "bias_ih_l0"]
            gates = gates + self.weights[name + "weight_hh_l0"] @ hidden
            gates = gates + self.weights[name + "bias_hh_l0"]
            enter, forget, new, out = np.split(gates, 4)
            cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(new)
            hidden = sigmoid(out) * np.tanh(cell)
            new_state.append((hidden, cell))
            value = self.drop(f"decoder.dropouts.{layer}", hidden)
        logits = self.weights["decoder.output.weight"] @ value
        return logits + self.weights["decoder.output.bias"], new_state

    def drop(self, name, value):
        return value * self.masks[name] if name in self.masks else value


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def log_softmax(logits):
    return logits - np.log(np.sum(np.exp(logits - logits.max()))) - logits.max()
