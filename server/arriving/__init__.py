"""What arrives from other servers, from the verified row to the verb: parsed, completed over the network, applied."""
