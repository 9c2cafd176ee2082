// MartletRESP
