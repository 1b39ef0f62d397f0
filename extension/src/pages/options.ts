// Another engineer's, or the next slice's.
export {};
