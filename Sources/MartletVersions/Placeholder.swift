// MartletVersions
