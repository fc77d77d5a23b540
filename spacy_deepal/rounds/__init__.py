"""Active learning, round after round: settings, run folder, training and stopping."""
