// MartletNode
