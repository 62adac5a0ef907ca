"""The one door out: files on other people's servers, asked for so that nobody can lead us to our own."""
