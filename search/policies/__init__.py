"""The policies, one file each: the class is named after its module (`ab_mcts` holds `AbMcts`)."""
