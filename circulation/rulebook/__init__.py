"""The lending rules as a library works on them: seen, tried before they are saved, looked over,
explained for a reader and a copy, and applied to loans that are already open."""
