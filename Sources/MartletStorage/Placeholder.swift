// MartletStorage
