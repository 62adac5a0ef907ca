"""The worker: an asyncio program that carries jobs from the queue through their provider to their settlement."""
