# Everything by torch.nn.functional, with parameters and buffers of our own and no step counter.
import torch
import torch.nn as nn
import torch.nn.functional as F


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(n_hidden_1, in_dim) * 0.05)
        self.b1 = nn.Parameter(torch.zeros(n_hidden_1))
        self.scale1 = nn.Parameter(torch.ones(n_hidden_1))
        self.shift1 = nn.Parameter(torch.zeros(n_hidden_1))
        self.w2 = nn.Parameter(torch.randn(n_hidden_2, n_hidden_1) * 0.05)
        self.b2 = nn.Parameter(torch.zeros(n_hidden_2))
        self.scale2 = nn.Parameter(torch.ones(n_hidden_2))
        self.shift2 = nn.Parameter(torch.zeros(n_hidden_2))
        self.w3 = nn.Parameter(torch.randn(out_dim, n_hidden_2) * 0.05)
        self.b3 = nn.Parameter(torch.zeros(out_dim))
        self.register_buffer("m1", torch.zeros(n_hidden_1))
        self.register_buffer("v1", torch.ones(n_hidden_1))
        self.register_buffer("m2", torch.zeros(n_hidden_2))
        self.register_buffer("v2", torch.ones(n_hidden_2))

    def forward(self, x):
        x = torch.flatten(x, 1)
        x = F.linear(x, self.w1, self.b1)
        x = F.relu(F.batch_norm(x, self.m1, self.v1, self.scale1, self.shift1, self.training))
        x = F.linear(x, self.w2, self.b2)
        x = F.relu(F.batch_norm(x, self.m2, self.v2, self.scale2, self.shift2, training=self.training))
        return F.softmax(F.linear(x, self.w3, self.b3), dim=1)
