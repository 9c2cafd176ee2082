// MartletMembership
