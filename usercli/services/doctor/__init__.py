"""The checks of `doctor`: is the machine, the configuration and the database as usercli needs them?"""
