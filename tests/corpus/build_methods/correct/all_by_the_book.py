# All seven, plainly.
from collections import OrderedDict
import torch
import torch.nn as nn
import torch.nn.functional as F

class Model_Seq(nn.Module):
	def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
		super(Model_Seq, self).__init__()
		self.flatten = nn.Flatten()
		self.linear1 = nn.Linear(in_dim, n_hidden_1)
		self.bn1 = nn.BatchNorm1d(n_hidden_1)
		self.linear2 = nn.Linear(n_hidden_1, n_hidden_2)
		self.bn2 = nn.BatchNorm1d(n_hidden_2)
		self.out = nn.Linear(n_hidden_2, out_dim)

	def forward(self, x):
		x = self.flatten(x)
		x = self.linear1(x)
		x = self.bn1(x)
		x = F.relu(x)
		x = self.linear2(x)
		x = self.bn2(x)
		x = F.relu(x)
		x = self.out(x)
		x = F.softmax(x, dim=1)
		return x

def build_sequential_args(in_dim, n_hidden, out_dim):
	Seq_arg = nn.Sequential(nn.Flatten(), nn.Linear(in_dim, n_hidden), nn.BatchNorm1d(n_hidden), nn.ReLU(), nn.Linear(n_hidden, out_dim))
	return Seq_arg

def build_sequential_add_module(in_dim, n_hidden, out_dim):
	Seq_module = nn.Sequential()
	Seq_module.add_module("flatten", nn.Flatten())
	Seq_module.add_module("linear1", nn.Linear(in_dim, n_hidden))
	Seq_module.add_module("bn1", nn.BatchNorm1d(n_hidden))
	Seq_module.add_module("relu1", nn.ReLU())
	Seq_module.add_module("out", nn.Linear(n_hidden, out_dim))
	return Seq_module

def build_sequential_ordered_dict(in_dim, n_hidden, out_dim):
	Seq_dict = nn.Sequential(OrderedDict([("flatten", nn.Flatten()), ("linear1", nn.Linear(in_dim, n_hidden)), ("bn1", nn.BatchNorm1d(n_hidden)), ("relu1", nn.ReLU()), ("out", nn.Linear(n_hidden, out_dim))]))
	return Seq_dict

class Model_Lay(nn.Module):
	def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
		super(Model_Lay, self).__init__()
		self.flatten = nn.Flatten()
		self.layer1 = nn.Sequential(nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1))
		self.layer2 = nn.Sequential(nn.Linear(n_hidden_1, n_hidden_2), nn.BatchNorm1d(n_hidden_2))
		self.out = nn.Sequential(nn.Linear(n_hidden_2, out_dim))

	def forward(self, x):
		x = self.flatten(x)
		x = F.relu(self.layer1(x))
		x = F.relu(self.layer2(x))
		x = F.softmax(self.out(x), dim=1)
		return x

class Model_Lst(nn.Module):
	def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
		super(Model_Lst, self).__init__()
		self.layers = nn.ModuleList([nn.Flatten(), nn.Linear(in_dim, n_hidden_1), nn.BatchNorm1d(n_hidden_1), nn.ReLU(), nn.Linear(n_hidden_1, n_hidden_2), nn.Linear(n_hidden_2, out_dim)])

	def forward(self, x):
		for layer in self.layers:
			x = layer(x)
		return x

class Model_Dict(nn.Module):
	def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
		super(Model_Dict, self).__init__()
		self.layers_dict = nn.ModuleDict({"flatten": nn.Flatten(), "linear1": nn.Linear(in_dim, n_hidden_1), "bn1": nn.BatchNorm1d(n_hidden_1), "relu": nn.ReLU(), "out": nn.Linear(n_hidden_1, out_dim)})

	def forward(self, x):
		layers = ["flatten", "linear1", "bn1", "relu", "out"]
		for layer in layers:
			x = self.layers_dict[layer](x)
		return x
