"""Google's Gemini models, over the Developer API with a key or over Vertex AI with a service account."""
