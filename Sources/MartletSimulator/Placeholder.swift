// MartletSimulator
