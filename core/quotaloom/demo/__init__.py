"""A demo company, made up from a seed and the day it is loaded on."""
