// MartletReplication
