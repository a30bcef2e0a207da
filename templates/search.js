// Searches the charts of all channels: their search files are loaded one by one.
