// The DLL of Windows 10 from which Rust's standard library takes random numbers, and which Wine 8 lacks: for tests under Wine only.
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) { return RtlGenRandom(data, (ULONG)length); }
