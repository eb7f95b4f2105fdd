"""Who is on call, whom a page goes to next, and what leaves by which channel when. Pure; the roof sends and keeps."""
