"""All states of a deployment and a run that can be reached, and the rules of the seeds that none of them may break."""
