// A program that does nothing: what it takes is what Wine takes for any program.
#include <stdio.h>
#include <windows.h>

int main(void) {
  fputs("waiting\n", stderr);
  fflush(stderr);
  Sleep(INFINITE);
}
