#include "thimble_kernels.h"
