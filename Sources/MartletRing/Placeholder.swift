// MartletRing
